"""Ordinary words for cards and codes, 512 in each language: things everybody can picture, read out and spell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# A word may be misheard, and typed in any spelling: in folded letters, two words of a language differ in two letters at
# least, and no language has a word of another. None is a name, a place, a number, a day or a phrase the bot knows.
_ENGLISH = """
accordion acorn acrobat album almond alphabet anvil apple apricot apron arch armchair arrow asparagus attic autumn
avocado backpack badger bakery balcony balloon bamboo banana banister banjo barley barn barrel basement basket bathroom
bathtub bazaar bean beaver bedroom beehive beetroot begonia belt bench bicycle bird biscuit blanket blizzard blossom
blouse bluebell blueberry bonfire bottle boulder bowl bracelet bramble brass bread breakfast breeze brick bridge
broccoli bronze brush bubble bucket buckwheat bumblebee bundle butter button cabinet cactus calendar camel campfire
canary candle candy canoe canvas canyon caramel caravan cardamom cardigan carpenter carpet carriage cart castle cave
cedar chair chalk cheese cherry chicken chimney chipmunk chocolate cinnamon clarinet clay cliff closet cloud clover
cobbler cobweb cocoa coconut coin collar comb compass cookie copper coral corner costume cottage cotton couch counter
crab cracker cradle cranberry crayon cream cricket crocodile crumb crystal cube cucumber cup curtain cushion daffodil
dance dandelion denim desk dinosaur dish dog dolphin domino door dove dragonfly drawer dress drizzle drum duckling
dumpling dune eagle earring easel eggplant elbow elephant elevator emerald envelope eraser fabric falcon farm feather
fence fern fig finch finger firefly firewood fisherman flour flute foal football forest fox frame frog frost garage
garden garland garlic gate gift glacier glass glove glue goat gold gong goose gopher granite grape gravel gravy guitar
hallway hammer hamster harmonica harp harvest hat hazelnut hedge heron hill hollow honey hook horizon horse hourglass
iron island ivory jackdaw jigsaw journey juggler juice jumper juniper ketchup kettle kitchen ladder lake lamp landscape
lantern lavender leaf lemon lentil leopard lettuce library lilac linden lion lollipop lorry lullaby macaroni magnet
magnolia magpie mammoth mandolin mango map marble marigold market marmalade mattress meadow mechanic melody melon milk
millet mint mirror mitten monkey moon mountain muffin mulberry museum mushroom napkin necklace needle nest newspaper
notebook nutmeg oak oasis oatmeal ocean onion orange orchard orchid ornament ostrich otter oven paint palm pancake
panther pantry park parrot parsley parsnip pasta pasture path pavement pavilion peach peacock peanut pearl pebble
pelican pencil pendulum penguin pepper perfume petunia photo piano pickle picnic picture pigeon pillow pine pitcher
pizza platter plum pocket pond poplar porridge postcard poster potato pottery prairie primrose pudding pulley pullover
pumpkin puppy puzzle pyramid quilt rabbit radiator radish raft rainbow raisin recipe reindeer ribbon rice ripple river
roof rooster rope rosehip rucksack ruler saddle sage sailor salad salt samovar sand sapling satin saucer saxophone
scarecrow scarf seagull shadow shampoo sheep shell shepherd shirt shovel silver sink sketch sky sledge sleeve slipper
slope snail snow soap sofa spade sparrow spider spinach spindle sponge spoon spring spruce squirrel staircase star stem
stocking stone stool straw stream street sugar suitcase summer sunflower sunrise sunset swallow swan sweater swing syrup
table tadpole tapestry teacher telephone telescope tennis tent textbook thermos thimble thorn thread thunder ticket
tiger tile toast tomato tortoise tower toy train treasure triangle tricycle tripod trombone trout trumpet tulip tundra
tunic tunnel turf turnip turtle twig umbrella valley vanilla vase vegetable velvet veranda village vinegar vineyard
violin waffle wagon walnut wardrobe watch waterfall wheat whistle windmill window winter wire wolf wool workshop yard
zebra
"""
_RUSSIAN = """
абажур абрикос азбука акация аквариум альбом ананас апельсин арахис арбуз бабочка баклажан балкон бамбук банка барабан
барбарис барсук бархат батарея бахча бегемот белка береза беседка бинокль блинчик блокнот блузка ботинок бочонок браслет
бронза бублик бузина буйвол булавка бульвар бумага бурундук валенок ваниль варенье ведро велосипед веник верба верблюд
веревка вершина весло ветер ветка вешалка вилка виноград витрина вишня вода водопад воздух вокзал волна воробей ворота
воротник вулкан вышивка газета галстук гармонь гвоздика георгин гирлянда глина гнездо голубь гончар гора горизонт горох
горчица гранит гребень гриб грузовик груша гусеница дверь дворец дворник дельфин дерево диван дневник дождь долина
дорога дощечка дуб дудочка дутар духовка дымоход дыня дятел ежевика ежик жаворонок железо жемчуг жилет жираф журавль
журнал забор заварка завтрак загадка закладка заколка залив занавес запонка заяц звезда зеркало зефир зима золото зонтик
игла игрушка изба изюм имбирь индюк инжир искра источник йогурт кабачок камень капля капуста карандаш карета картошка
карусель кастрюля каша каштан кедр кенгуру киви кипарис кирпич кисточка кишлак клевер клубника клубок клумба клюква ключ
книга коврик кокос колодец колокол кольцо коляска комната комод компот кондитер конфета концерт конюшня копейка корабль
корзина кормушка корова костер костюм косынка котелок кочерга крапива крендель кресло кровать крокодил кролик кружево
кружка крыльцо крыша крючок кубик кувшин кузнечик кукла кукуруза кукушка кунжут куртка курятник куст кухня лаванда лампа
ландыш ласточка лебедь леденец ледник лепесток лестница лето лимон липа лисица листопад лодка лопата лошадь луг лужайка
луна лягушка магнит малина маляр мамонт мандарин мармелад масло матрас матрешка медведь мелодия мельница метель механик
мешок миндаль молния молоко молоток монета море морковь моряк мост мотоцикл мочалка мрамор музыка муравей мыло мяч
наклейка небо нитка носок носорог оазис обезьяна облако овес овраг овсянка овца овчарня огород огурец одеяло ожерелье
озеро окно окрошка оладья орех оркестр осень остров открытка отмель оттепель очки пальто паровоз парус пасека пастбище
пастила пастух певец пекарня пельмень перевал переулок персик перстень перчатка песня песок петрушка печенье печка
пещера пианист пижама пингвин пирамида пирожное писатель письмо планета платок платье плотник погреб подкова поднос
подушка поезд поле полночь половник полотенце пончик попугай порог портной портфель потолок праздник прибой приправа
пристань причал продавец простыня пряжа пряник пряность пуговица пустыня пуховик пчела пшеница пыль равнина радуга
раковина ракушка рассада рассвет рассказ редиска река рисунок рогалик родник розетка ромашка рубашка рукав рукопись рыба
рябина ряженка сад саженец сайгак саксаул салфетка самокат сапог сарафан сахар свеча свисток семечко сервиз серебро
синица сирень сказка скамейка скамья скатерть скворец склон сковорода скрипка сметана снег снежинка солнце соловей
солома сосна сосулька стадион стакан станция стебель стол страница страус стрекоза стручок ступень сугроб сумка сундук
сырник сюзане табурет тандыр танец тарелка творог телега теплица тетрадь тигр тополь трава трамвай тропинка тростник
тротуар тумбочка тутовник туфля туча тыква тюльпан ужин укроп улица урожай утро утюг ущелье фартук фарфор фасоль филин
фисташка фланель флейта фокусник фонтан форточка футболка хвоя хижина хлеб хомяк хоровод хребет хрусталь художник хурма
цветок цемент чайник частушка чашка чемодан чердак черемуха черепаха черника чеснок чечевица чинара чугун шалфей шампунь
шапка шарик шарф шатер шерсть шиповник шкатулка шкаф школа шланг шнурок шоколад шпинат шторм шуба этажерка юбка ювелир
юла ягода якорь янтарь ярмарка ячмень ящерица ящик
"""
_TAJIK = """
абр абрешим автобус ағба айвон айлоқ алаф алифбо амруд ангишт ангур анор арғамчин арғунчак арзан ароба арра арӯс асал
асп аспак атлас атола афлесун барг бахмал бегоҳ бел беҳӣ билет биринҷ бистар боғбон боғча бодбарак бодиринг бодом бозича
бозор боимҷон боқило болға болишт болохона бом борон борхалта ботлоқ бофанда бузғола бузкашӣ булбул бутта буҷулак бӯрё
варақ варзиш водӣ гавазн гандум гаҳвора гелос гилем гирдбод гиреҳ гитара глобус говмеш гулбарг гулдаста гулдон гулзор
гулкарам гулмоҳӣ гулоб гулӯбанд гулхайрӣ гунбад гунҷишк гурба гӯгирд гӯсола гӯсфанд гӯшвора гӯшт ғалбер ғалла ғалтак
ғиҷҷак ғоз ғубор ғӯза ғӯлинг дарав дарахт дарвоза дарё дарзӣ дарзмол дастархон дастмол дастпона дастпӯшак дастшӯяк
дафтар даҳлез дашт девор дег деҳа деҳқон домана донак донишҷӯ дорчин достон думбура дуредгар дутор дучарха дӯзанда дӯкон
дӯлма дӯлона ёқут жакет заврақ зайтун замин занбӯр зангӯла занҷабил занҷир заранг заргар зардолу зарф зимистон зин зира
искана истгоҳ кабк кабоб кабӯтар каду каланд калид калӯш камар камзӯл камон карбос карнай кафгир кафлез кафшдӯз каҳдон
кашнич китоб кишмиш киштзор киштӣ коғаз конверт конфет коса кошин кулоҳ кулча кунҷид курсӣ кӯдак кӯзагар кӯпрук кӯрпа
кӯҳ қаймоқ қайчӣ қаламдон қаламфур қамиш қанд қатлама қатра қаҳва қирав қишлоқ қошуқ қулф қурбоққа қурут қутос қуттӣ
қӯчқор лаб лаган лаклак лаҷом либос лимонад лимӯ лолазор луғат лӯбиё лӯла лӯхтак мавиз мавҷ магас мағз майдон майса
макарон мактаб малах манту марғзор маска мастоба маҳалла машъал мева мех миёнбанд миз мироб мотор моҳӣ мош муаллим музей
муқова мунчоқ мураббо мурғ мусиқӣ мусича муҳр мушк мушунг мӯй мӯқалам мӯрча навда най наққош намак нардбон наск нахӯд
наҷҷор нимкат нимтана ниҳол нишолло нон нуқта обанбор обдаста обшор овоз оина олуболу олуча омӯзгор орд осиё осмон
осорхона остин остона оташдон офтоб оҳангар оҳу ошёна ошпаз ошхона пайраҳа паланг палов панир панҷара парда парранда
пахта паҳлавон пашм пешайвон пешбанд пианино пиёз пиёла пиллакор пилта пироҳан пирях пишак подабон пойҷома помидор пошна
пудина пул пушта пӯстин равған раг радио рақс рама ранда рассом раста регзор ресмон реша ришта роҳ рӯбоҳ рӯдхона рӯз
рӯймол рӯшноӣ рюкзак сабад сабзавот сабзазор сабзӣ савдогар садбарг сақф самбӯса санг сандалӣ сандуқ санҷид санҷоб сарой
сароянда сарпӯш сарчашма сатил сафедор сафол саҳифа сачоқ себ сетор сиёҳдона сиёҳӣ сим сирко сихкабоб собун созанда соя
субҳ сурат сурнай суруд сусмор сутун сӯзан табақ тағора тайёра тақвим талқон танга таноб танӯр тарбуз тарозу тасма тахт
театр телевизор телефон телпак теппа термос тимсоҳ тирамоҳ тиреза тирукамон тобистон товус токзор тоқӣ тоқча тортанак
трактор тугма туман тундар тунука турб турна тут тухм тушбера тӯшак угро уқёнус уқоб устохона фаввора фалак фарш фатир
фил фонус фурудгоҳ футбол хайма хамир харбуза харгӯш харита харсанг хаткашак хашак хиёбон хирман хирс хишт хок хомӯшак
хонанда хорпушт хурмо хурӯс хурҷин хӯрок хӯша ҳавз ҳавлӣ ҳайкал ҳалво ҳалиса ҳамён ҳаммом ҳамсоя ҳандалак ҳезум ҳикоя
ҳован ҳосил ҳудҳуд ҳуштак чайла чакавак чакан чалпак чарм чароғ чатр чашма чинӣ чирчирак чистон чит чойник чойхона
чойҷӯш чормағз чукрӣ чӯпон чӯҷа ҷав ҷазира ҷамолак ҷангал ҷевон ҷомадон ҷорӯб ҷувол ҷуворӣ ҷуғд ҷузвдон ҷурғот ҷӯйбор
ҷӯроб шабдар шабпарак шавла шакар шалғам шамол шамъдон шаршара шатранҷ шафтолу шаҳр шир шиша шогирд шона шохча шоҳмот
шоҳроҳ шутур шӯразор элак юнучқа явшон янтоқ ярма яхдон яхмос
"""

WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "en": tuple(_ENGLISH.split()),
    "ru": tuple(_RUSSIAN.split()),
    "tg": tuple(_TAJIK.split()),
}
